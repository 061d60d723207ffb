import { assertEquals } from "@std/assert";
import { FreeSpace } from "../../lib/deliver/free_space.ts";
import { inFolder } from "../support/peers.ts";

Deno.test("FreeSpace asks for the folder that there is, of a path that there is not", () =>
  inFolder((folder) => {
    for (const path of [folder, `${folder}/none/a/b`, `${folder}/none/`, "."]) {
      // Not of 100, which stands for a disk that cannot be asked.
      assertEquals(new FreeSpace(path, 99.9999).isShort(), true, path);
      assertEquals(new FreeSpace(path, 0.000001).isShort(), false, path);
      assertEquals(new FreeSpace(path, 0).isShort(), false, path);
    }
    return Promise.resolve();
  }));

Deno.test("FreeSpace takes a disk that it cannot ask for an empty one", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    for (const path of [`${folder}/file/x`, "none", "none/x\0"]) {
      assertEquals(new FreeSpace(path, 99.9).isShort(), false, path);
    }
  }));

Deno.test("FreeSpace asks once a second at the most", () => {
  const space = new FreeSpace("/", 99.9999);
  let time = 0;
  Object.defineProperty(performance, "now", {
    value: () => time,
    configurable: true,
  });
  try {
    assertEquals(space.isShort(), true);
    // Another disk, in a way: what is asked anew has another answer.
    Object.assign(space, { path: "none" });
    for (const [at, isShort] of [[999, true], [1000, false]] as const) {
      time = at;
      assertEquals(space.isShort(), isShort, `${at}`);
    }
  } finally {
    delete (performance as { now?: unknown }).now;
  }
});
