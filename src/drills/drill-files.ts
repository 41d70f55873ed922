/** The drills of the course by the path of their file; each is loaded when its lesson asks for it. */
import type { Drill } from '#engine/grading/define-drill.ts';

const files = import.meta.glob<{ readonly default: Drill }>(['/lessons/*/*/drill*.ts', '/lessons/*/*/*/drill*.ts']);

/** `path` from the root of the repository: "lessons/01-…/20-…/drill.ts". */
export async function loadDrill(path: string): Promise<Drill> {
  const load = files[`/${path}`];
  if (load === undefined) throw new Error(`this site has no drill ${path}; it has ${Object.keys(files).join(', ')}`);
  return (await load()).default;
}
