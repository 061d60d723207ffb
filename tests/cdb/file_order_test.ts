/**
 * What replaceFile() does in which order: after a power cut at any moment there
 * is the old file or the new one, whole.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import { replaceFile } from "../../lib/cdb/file.ts";
import { inFolder } from "../support/peers.ts";

/** The syncs and renames of some act, in their order. */
function stepsOf(act: () => void): string[] {
  const steps: string[] = [];
  const { syncSync } = Deno.FsFile.prototype;
  const { renameSync } = Deno;
  Deno.FsFile.prototype.syncSync = function (this: Deno.FsFile) {
    steps.push(this.statSync().isDirectory ? "sync the folder" : "sync");
    syncSync.call(this);
  };
  Deno.renameSync = (from, to) => {
    steps.push("rename");
    renameSync(from, to);
  };
  try {
    act();
  } finally {
    Deno.FsFile.prototype.syncSync = syncSync;
    Deno.renameSync = renameSync;
  }
  return steps;
}

Deno.test("replaceFile() syncs, renames, and syncs the folder", () =>
  inFolder((folder) => {
    const steps = stepsOf(() =>
      replaceFile(`${folder}/cdb`, null, (output) => {
        output.append(toBytes("..."));
        output.append(toBytes(" behind it"));
        output.begin(toBytes("the"));
      })
    );
    assertEquals(steps, ["sync", "rename", "sync the folder"]);
    assertEquals(Deno.readTextFileSync(`${folder}/cdb`), "the behind it");
    return Promise.resolve();
  }));
