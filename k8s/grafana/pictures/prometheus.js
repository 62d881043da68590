// What a panel asks of Prometheus, with Grafana's variables filled in, and the answers as Grafana's frames.
import {FieldType, applyFieldOverrides, toDataFrame} from '@grafana/data';

const asked = new URLSearchParams(location.search);
export const from = Number(asked.get('from'));
export const to = Number(asked.get('to'));
const step = Number(asked.get('step'));

const filled = (expr) =>
  expr
    .replaceAll('$__rate_interval', asked.get('rate'))
    .replaceAll('$__range', `${Math.ceil(to - from)}s`)
    .replace(/"\$(namespace|pod|topic|pixel)"/g, '".*"');

async function series(target) {
  const query = new URLSearchParams({query: filled(target.expr), start: from, end: to, step});
  const said = await (await fetch(`${asked.get('prometheus')}/api/v1/query_range?${query}`)).json();
  if (said.status !== 'success') throw new Error(said.error);
  return said.data.result;
}

const legend = (target, labels) => target.legendFormat.replace(/{{\s*(\w+)\s*}}/g, (_, name) => labels[name] ?? '');

function lines(target, found, defaults) {
  const times = Array.from({length: Math.floor((to - from) / step) + 1}, (_, at) => (from + at * step) * 1000);
  return found.map((one) => {
    const at = new Map(one.values.map(([time, value]) => [Math.round(time * 1000), Number(value)]));
    const values = times.map((time) => at.get(Math.round(time)) ?? null).map((each) => (Number.isFinite(each) ? each : null));
    const fields = [
      {name: 'Time', type: FieldType.time, values: times},
      {name: legend(target, one.metric) || 'none', type: FieldType.number, values, config: defaults, labels: {}},
    ];
    return toDataFrame({refId: target.refId, fields});
  });
}

function rows(panel, found) {
  const {indexByName, renameByName} = panel.transformations[0].options;
  const last = (one) => Number(one.values.at(-1)[1]);
  const now = found.filter((one) => one.values.at(-1)[0] > to - 2 * step).sort((a, b) => last(b) - last(a));
  const fields = Object.keys(indexByName).map((name) => ({
    name: renameByName[name] ?? name,
    type: name === 'Value' ? FieldType.number : FieldType.string,
    values: now.map((one) => (name === 'Value' ? last(one) : (one.metric[name] ?? ''))),
    config: name === 'Value' ? panel.fieldConfig.defaults : {},
  }));
  return [toDataFrame({fields})];
}

export async function frames(panel, theme) {
  const found = await Promise.all(panel.targets.map(series));
  if (panel.type === 'heatmap') return found[0];
  const mode = panel.type === 'stat' ? 'thresholds' : 'palette-classic';
  const defaults = {color: {mode}, ...panel.fieldConfig.defaults};
  const data = panel.type === 'table' ? rows(panel, found[0]) : found.flatMap((one, at) => lines(panel.targets[at], one, defaults));
  const fieldConfig = {defaults: {}, overrides: []};
  return applyFieldOverrides({data, fieldConfig, replaceVariables: (text) => text, theme, timeZone: 'utc'});
}
