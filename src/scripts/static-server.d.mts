import type { Server } from 'node:http';

/** `base` begins and ends with a slash; default "/". The server is not yet listening. */
export function createStaticServer(options: { readonly root: string; readonly base?: string }): Server;
