import { assert, assertEquals, assertRejects } from "@std/assert";
import { codeOf } from "../../lib/base/reason.ts";
import { makeFolder, syncAbove, syncFolder } from "../../lib/deliver/folder.ts";
import { inFolder } from "../support/peers.ts";

Deno.test("syncFolder() is shared by those who come while one goes on", () =>
  inFolder(async (folder) => {
    const running = syncFolder(folder);
    const next = syncFolder(folder);
    assert(next !== running, "what came later may not be in the running one");
    assert(syncFolder(folder) === next);
    assert(syncFolder("/tmp") !== next);
    await Promise.all([running, next]);
    const another = syncFolder(folder);
    assert(another !== running && another !== next, "those are over");
    await another;
    // Nothing is remembered: this one begins at once, while the path is there.
    await Deno.mkdir(`${folder}/gone`);
    await syncFolder(`${folder}/gone`);
    const last = syncFolder(`${folder}/gone`);
    Deno.removeSync(`${folder}/gone`);
    await last;
  }));

Deno.test("syncFolder() fails for those whose sync it was alone", () =>
  inFolder(async (folder) => {
    const path = `${folder}/later`;
    const running = syncFolder(path), next = syncFolder(path);
    Deno.mkdirSync(path);
    const error = await assertRejects(() => running);
    assertEquals(codeOf(error), "ENOENT");
    await next;
    await Deno.remove(path);
    await assertRejects(() => syncFolder(path));
    Deno.mkdirSync(path);
    await syncFolder(path);
  }));

Deno.test("makeFolder() makes what is missing, for us alone", () =>
  inFolder(async (folder) => {
    const made = await makeFolder(`${folder}/a/b/c`);
    assertEquals(
      made,
      ["a", "a/b", "a/b/c"].map((each) => `${folder}/${each}`),
    );
    for (const path of made) {
      assertEquals(Deno.statSync(path).mode! & 0o7777, 0o700, path);
    }
    assertEquals(await makeFolder(`${folder}/a/b/c`), []);
    assertEquals(await makeFolder(`${folder}/a/d`), [`${folder}/a/d`]);
  }));

Deno.test("makeFolder() says what is in the way", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const error = await assertRejects(() => makeFolder(`${folder}/file/a/b`));
    assertEquals(codeOf(error), "ENOTDIR");
    // Nothing can be made above what is not there at all.
    assertEquals(codeOf(await assertRejects(() => makeFolder(""))), "ENOENT");
  }));

Deno.test("syncAbove() has to reach what was made, and tries the rest", () =>
  inFolder(async (folder) => {
    const lost = `${folder}/none/a`;
    await syncAbove(`${lost}/b`, []);
    await assertRejects(() => syncAbove(`${lost}/b`, [`${lost}/b`]));
    await assertRejects(() => syncAbove(`${lost}/b`, [lost]));
    await syncAbove(`${lost}/b`, [`${folder}/none`]);
    for (const path of [folder, `${folder}/`, "x", "./x", ".", "/"]) {
      await syncAbove(path, [path]);
    }
  }));
