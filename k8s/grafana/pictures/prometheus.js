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

// Of an override only what our tables have: colours for a column's texts.
function config(panel, name) {
  if (name === 'Value') return panel.fieldConfig.defaults;
  const heading = renamed(panel, name);
  const own = panel.fieldConfig.overrides.find(({matcher}) => matcher.options === heading);
  const property = (id) => own?.properties.find((each) => each.id === id)?.value;
  return own ? {mappings: property('mappings'), custom: {cellOptions: property('custom.cellOptions')}} : {};
}

const renamed = (panel, name) => panel.transformations[0].options.renameByName[name] ?? name;

function sorted(panel, rows) {
  const compared = (a, b) => {
    for (const {displayName, desc} of panel.options.sortBy) {
      const [low, high] = desc ? [b[displayName], a[displayName]] : [a[displayName], b[displayName]];
      if (low !== high) return low < high ? -1 : 1;
    }
    return 0;
  };
  return rows.sort(compared);
}

function rows(panel, found) {
  const names = Object.keys(panel.transformations[0].options.indexByName);
  const cell = (one, name) => (name === 'Value' ? Number(one.values.at(-1)[1]) : (one.metric[name] ?? ''));
  const now = found
    .filter((one) => one.values.at(-1)[0] > to - 2 * step)
    .map((one) => Object.fromEntries(names.map((name) => [renamed(panel, name), cell(one, name)])));
  const ordered = sorted(panel, now);
  const fields = names.map((name) => ({
    name: renamed(panel, name),
    type: name === 'Value' ? FieldType.number : FieldType.string,
    values: ordered.map((row) => row[renamed(panel, name)]),
    config: config(panel, name),
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
