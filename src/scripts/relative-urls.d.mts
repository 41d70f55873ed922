import type { AstroIntegration } from 'astro';

export function relativeUrls(): AstroIntegration;
/** `depth`: folders between the root of the site and the page. */
export function pageRelative(html: string, depth: number): string;
export function styleRelative(css: string, depth: number): string;
