// One row of the dashboard, drawn from a Prometheus: ?row=TITLE&prometheus=URL&from=S&to=S&step=S&rate=10s
import {createRoot} from 'react-dom/client';
import {useEffect, useState} from 'react';
import {BigValue, BigValueColorMode, BigValueGraphMode, GlobalStyles, PanelChrome, Table, TimeSeries} from '@grafana/ui';
import {FieldType, ThemeContext, createTheme, dateTime} from '@grafana/data';
import {Heatmap} from './heatmap.jsx';
import {frames, from, to} from './prometheus.js';

const theme = createTheme({colors: {mode: 'dark'}});
const WIDTH = 1440;
const LINE = 30;
const range = {from: dateTime(from * 1000), to: dateTime(to * 1000), raw: {from: '', to: ''}};

function Stat({data, width, height}) {
  const field = data[0].fields[1];
  const last = field.values.findLast((value) => value !== null);
  const sparkline = {y: {...field, type: FieldType.number}, x: data[0].fields[0]};
  return <BigValue theme={theme} width={width} height={height} value={field.display(last)} sparkline={sparkline}
    colorMode={BigValueColorMode.Value} graphMode={BigValueGraphMode.Area} />;
}

function Drawn({panel, data, width, height}) {
  if (panel.type === 'stat') return <Stat data={data} width={width} height={height} />;
  if (panel.type === 'table') return <Table data={data[0]} width={width} height={height} columnMinWidth={110} />;
  if (panel.type === 'heatmap') return <Heatmap series={data} width={width} height={height} theme={theme} />;
  return <TimeSeries frames={data} timeRange={range} timeZone="utc" width={width} height={height}
    legend={panel.options.legend} />;
}

function Panel({panel, width, height}) {
  const [state, setState] = useState({});
  useEffect(() => void frames(panel, theme).then((data) => setState({data}), (error) => setState({error})), []);
  const {data, error} = state;
  const isEmpty = data && (!data.length || data[0].length === 0);
  return (
    <PanelChrome title={panel.title} width={width} height={height} padding="md">
      {(w, h) =>
        error ? <b data-panel-error>{String(error)}</b>
        : isEmpty ? <span data-panel-empty={panel.title} style={{color: theme.colors.text.secondary}}>No data</span>
        : data ? <div data-panel-drawn><Drawn panel={panel} data={data} width={w} height={h} /></div>
        : null}
    </PanelChrome>
  );
}

function Row({title, panels}) {
  const top = panels[0].gridPos.y;
  const height = Math.max(...panels.map(({gridPos}) => gridPos.y + gridPos.h)) - top;
  const unit = WIDTH / 24;
  return (
    <div id="row" style={{width: WIDTH + 8, padding: '4px 0 4px 8px', background: theme.colors.background.canvas}}>
      <h4 style={{margin: '6px 0 10px'}}>{title}</h4>
      <div style={{position: 'relative', height: height * LINE}}>
        {panels.map((panel) => (
          <div key={panel.id} data-panel style={{position: 'absolute', left: panel.gridPos.x * unit, top: (panel.gridPos.y - top) * LINE}}>
            <Panel panel={panel} width={panel.gridPos.w * unit - 8} height={panel.gridPos.h * LINE - 8} />
          </div>
        ))}
      </div>
    </div>
  );
}

function inRow({panels}, title) {
  const first = panels.findIndex((panel) => panel.type === 'row' && panel.title === title) + 1;
  const next = panels.findIndex((panel, at) => at > first && panel.type === 'row');
  return panels.slice(first, next < 0 ? undefined : next);
}

const title = new URLSearchParams(location.search).get('row');
const dashboard = await (await fetch('dashboard.json')).json();
createRoot(document.getElementById('root')).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <Row title={title} panels={inRow(dashboard, title)} />
  </ThemeContext.Provider>
);
