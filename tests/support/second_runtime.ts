/**
 * The executable on a newer runtime (scripts/test.ts builds it), for what
 * depends on the runtime: tests run on both.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { needing, type Needs, postern } from "./peers.ts";

/** Its path; null where its runtime was not to be had. */
export const secondPostern = find();

function find(): string | null {
  const given = Deno.env.get("POSTERN_SECOND");
  if (given !== undefined) return given || null;
  const built = fileURLToPath(
    new URL("../../dist/postern-2.7.11", import.meta.url),
  );
  try {
    return Deno.statSync(built).isFile ? built : null;
  } catch {
    return null;
  }
}

/**
 * A test for each executable, named after its runtime. Without the second one,
 * that test is skipped by name.
 *
 * @param fn with the path of an executable
 */
export function onBoth(
  needs: Needs,
  name: string,
  fn: (executable: string) => Promise<void>,
): Deno.TestDefinition[] {
  const onSecond = `${name}, on the second runtime`;
  const path = secondPostern;
  return [
    { ...needing(needs, name), fn: () => fn(postern) },
    path === null
      ? {
        name: `${onSecond} (skipped: its runtime was not to be had)`,
        ignore: true,
        fn: () => {},
      }
      : { ...needing(needs, onSecond), fn: () => fn(path) },
  ];
}
