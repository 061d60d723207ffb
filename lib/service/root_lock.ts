/**
 * The folder that stands for / is changed by one at a time.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { reason } from "../base/reason.ts";

/**
 * The folder, if it is not there yet; "" is / itself.
 *
 * @throws Fatal
 */
export function makeRoot(root: string): void {
  if (root === "") return;
  try {
    Deno.mkdirSync(root, { recursive: true });
  } catch (error) {
    throw new Fatal(111, `unable to make ${root}: ${reason(error)}`, {
      cause: error,
    });
  }
}

/** Nobody else installs meanwhile, and no signal breaks it off. */
export function locked<T>(root: string, dryRun: boolean, act: () => T): T {
  if (dryRun) return act();
  let folder: Deno.FsFile;
  try {
    folder = Deno.openSync(root || "/");
  } catch (error) {
    throw new Fatal(111, `unable to open ${root || "/"}: ${reason(error)}`, {
      cause: error,
    });
  }
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const ignore = () => {};
  for (const signal of signals) Deno.addSignalListener(signal, ignore);
  try {
    folder.lockSync(true);
    return act();
  } finally {
    folder.close();
    for (const signal of signals) Deno.removeSignalListener(signal, ignore);
  }
}
