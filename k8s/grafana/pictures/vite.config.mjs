// Grafana's parts expect a bundler that knows Node's names.
export default {
  base: './',
  esbuild: {jsx: 'automatic'},
  define: {'process.env.NODE_ENV': '"production"', global: 'globalThis', 'process.env': '{}'},
  build: {target: 'esnext', minify: false, chunkSizeWarningLimit: 20_000},
};
