// Grafana's heatmap is not among its public parts: this one draws the same buckets in the same scheme.
import {from, to} from './prometheus.js';

const AXIS = {left: 52, bottom: 20};
const named = (edge) => (edge === Infinity ? '' : edge < 1 ? `${Math.round(edge * 1000)} ms` : `${edge} s`);

// Prometheus counts what is up to each edge; a cell is what lies between two.
function cells(series) {
  const buckets = series
    .map((one) => ({edge: one.metric.le === '+Inf' ? Infinity : Number(one.metric.le), at: new Map(one.values)}))
    .sort((a, b) => a.edge - b.edge);
  const times = [...new Set(series.flatMap((one) => one.values.map(([time]) => time)))].sort((a, b) => a - b);
  const below = (row, time) => (row ? Number(buckets[row - 1].at.get(time) ?? 0) : 0);
  const found = buckets.flatMap(({at}, row) =>
    times.map((time) => ({row, time, count: Math.max(0, Number(at.get(time) ?? 0) - below(row, time))}))
  );
  return {buckets, times, found};
}

export function Heatmap({series, width, height, theme}) {
  const {buckets, times, found} = cells(series);
  const most = Math.max(...found.map((cell) => cell.count));
  const [w, h] = [(width - AXIS.left) / ((to - from) / (times[1] - times[0])), (height - AXIS.bottom) / buckets.length];
  const x = (time) => AXIS.left + ((time - from) / (to - from)) * (width - AXIS.left);
  const y = (row) => height - AXIS.bottom - (row + 1) * h;
  const text = {fill: theme.colors.text.secondary, fontSize: 11, fontFamily: theme.typography.fontFamily};
  const ticks = [1, 2, 3].map((quarter) => from + ((to - from) * quarter) / 4);
  return (
    <svg width={width} height={height}>
      {found.filter((cell) => cell.count > 0).map((cell) => (
        <rect key={`${cell.row} ${cell.time}`} x={x(cell.time)} y={y(cell.row)} width={w + 0.4} height={h - 1}
          fill={`hsl(${35 - 20 * (cell.count / most) ** 0.5} 95% ${85 - 50 * (cell.count / most) ** 0.5}%)`} />
      ))}
      {buckets.map(({edge}, row) => (
        <text key={edge} x={AXIS.left - 6} y={y(row) + 4} textAnchor="end" {...text}>{named(edge)}</text>
      ))}
      {ticks.map((time) => (
        <text key={time} x={x(time)} y={height - 4} textAnchor="middle" {...text}>
          {new Date(time * 1000).toISOString().slice(11, 19)}
        </text>
      ))}
    </svg>
  );
}
