import { assert, assertEquals, assertThrows } from "@std/assert";
import { codeOf } from "../../lib/base/reason.ts";
import { closeDescriptor } from "../../lib/sys/descriptors.ts";
import {
  createIn,
  give,
  makeBeneath,
  moveBetween,
  openBeneath,
  openRoot,
  ownerOf,
  removeIn,
  walk,
} from "../../lib/sys/folders.ts";
import { inFolder, needing } from "../support/peers.ts";
import { descriptorsIn } from "../support/processes.ts";

/** What there is for the tests; `outside` is nobody's to reach. */
async function inTree(fn: (root: string) => void): Promise<void> {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/outside/b/c`, { recursive: true });
    await Deno.mkdir(`${folder}/real/a/b/c`, { recursive: true });
    await Deno.writeTextFile(`${folder}/real/a/file`, "");
    for (
      const [to, at] of [
        ["real", "root"], // the administrator's
        ["../outside", "real/link"],
        ["../../outside", "real/a/link"],
        ["b", "real/a/beside"],
        ["none", "real/a/dangling"],
        ["loop", "real/a/loop"],
        ["/", "real/a/top"],
      ]
    ) await Deno.symlink(to, `${folder}/${at}`);
    fn(`${folder}/root`);
    assertEquals(descriptorsIn(folder), 0);
    assertEquals([...Deno.readDirSync(`${folder}/outside`)].length, 1);
  });
}

const looks: [path: string, code: string | undefined][] = [
  ["a", undefined],
  ["a/b", undefined],
  ["a/b/c", undefined],
  ["a//b/./c", undefined],
  ["link", "ELOOP"],
  ["link/b", "ELOOP"],
  ["link/b/c", "ELOOP"],
  ["a/link", "ELOOP"],
  ["a/link/b", "ELOOP"],
  ["a/beside", "ELOOP"],
  ["a/beside/c", "ELOOP"],
  ["a/dangling", "ELOOP"],
  ["a/loop/x", "ELOOP"],
  ["a/top/etc", "ELOOP"],
  ["none", "ENOENT"],
  ["a/none", "ENOENT"],
  ["a/none/b", "ENOENT"],
  ["a/file", "ENOTDIR"],
  ["a/file/b", "ENOTDIR"],
];

Deno.test("beneath a root no link is followed, with openat2(2) or without", () =>
  inTree((root) => {
    const folder = openRoot(root, "search");
    for (const [path, code] of looks) {
      for (
        const open of [
          () => openBeneath(root, path, "search"),
          () => openBeneath(root, path, "sync"),
          () => walk(folder, path, "search"),
          () => walk(folder, path, "sync"),
        ]
      ) {
        let found: string | undefined;
        try {
          closeDescriptor(open());
        } catch (error) {
          found = codeOf(error);
        }
        assertEquals(found, code, path);
      }
    }
    closeDescriptor(folder);
  }));

Deno.test("makeBeneath() makes what is missing, and nothing behind a link", () =>
  inTree((root) => {
    assertEquals(makeBeneath(root, "a/x/y"), ["a/x", "a/x/y"]);
    assertEquals(makeBeneath(root, "a/x/y"), []);
    assertEquals(Deno.statSync(`${root}/a/x`).mode! & 0o7777, 0o700);
    for (const path of ["link/new", "a/link/new", "a/dangling", "a/loop/x"]) {
      const error = assertThrows(() => makeBeneath(root, path));
      assertEquals(codeOf(error), "ELOOP", path);
    }
  }));

Deno.test("what is opened is used, whatever its path has come to lead to", () =>
  inTree((root) => {
    makeBeneath(root, "a/new");
    const from = openBeneath(root, "a/b", "search");
    const to = openBeneath(root, "a/new", "sync");
    Deno.renameSync(`${root}/a`, `${root}/moved`);
    Deno.symlinkSync("../outside", `${root}/a`);
    closeDescriptor(createIn(from, "name"));
    assertThrows(() => createIn(from, "name"), Error, "EEXIST");
    moveBetween(from, to, "name");
    assert(Deno.statSync(`${root}/moved/new/name`).isFile);
    removeIn(to, "name");
    assertEquals([...Deno.readDirSync(`${root}/moved/new`)], []);
    closeDescriptor(from);
    closeDescriptor(to);
  }));

Deno.test(
  needing({ root: true }, "what root makes in a user's folder is the user's"),
  () =>
    inTree((root) => {
      Deno.chownSync(`${root}/a`, 65534, 65533);
      makeBeneath(root, "a/x/y");
      makeBeneath(root, "roots");
      assertEquals(Deno.lstatSync(`${root}/roots`).uid, 0, "root again");
      const folder = openBeneath(root, "a/x", "search");
      const file = createIn(folder, "file");
      give(file, ownerOf(folder)!);
      closeDescriptor(file);
      closeDescriptor(folder);
      const owner = (path: string) => {
        const { uid, gid } = Deno.statSync(`${root}/${path}`);
        return [uid, gid];
      };
      for (const path of ["a/x", "a/x/y", "a/x/file"]) {
        assertEquals(owner(path), [65534, 65533], path);
      }
      assertEquals(owner("roots"), [0, 0]);
    }),
);
