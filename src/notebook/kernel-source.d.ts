// The bundled kernel, made by kernel-plugin.ts.
declare module 'virtual:kernel-source' {
  const source: string;
  export default source;
}
