import { assert, assertEquals, assertThrows } from "@std/assert";
import { WatchedFile } from "../../lib/sys/watched_file.ts";
import { fromBytes } from "../../lib/base/bytes.ts";
import { inFolder, output } from "../support/peers.ts";

const settled = () => new Promise((resolve) => setTimeout(resolve, 50));

Deno.test("WatchedFile reads a file once, and again what replaces it", () =>
  inFolder(async (folder) => {
    const path = `${folder}/file`;
    const file = new WatchedFile(path, (bytes) => [fromBytes(bytes)]);
    assertThrows(() => file.contents(), Error, "ENOENT");
    await Deno.writeTextFile(path, "one");
    await settled();
    const first = file.contents();
    assertEquals(first, ["one"]);
    assert(file.contents() === first);
    await Deno.writeTextFile(`${path}.tmp`, "two");
    await Deno.rename(`${path}.tmp`, path);
    assertEquals(file.contents(), ["two"]);
    await Deno.remove(path);
    assertThrows(() => file.contents(), Error, "ENOENT");
    await Deno.writeTextFile(path, "");
    assertEquals(file.contents(), [""]);
  }));

Deno.test("WatchedFile sees each of many changes in place, of one size", () =>
  inFolder((folder) => {
    const path = `${folder}/file`;
    const file = new WatchedFile(path, fromBytes);
    for (let i = 100; i < 1000; i++) {
      Deno.writeTextFileSync(path, `${i}`); // several in one tick of its clock
      assertEquals(file.contents(), `${i}`);
    }
    return Promise.resolve();
  }));

Deno.test("WatchedFile parses a bad file once, until it is another", () =>
  inFolder(async (folder) => {
    const path = `${folder}/file`;
    await Deno.writeTextFile(path, "bad");
    await settled();
    let parsed = 0;
    const file = new WatchedFile(path, (bytes) => {
      parsed++;
      if (fromBytes(bytes) === "bad") throw new Error("it is bad");
      return fromBytes(bytes);
    });
    for (let i = 0; i < 3; i++) {
      assertThrows(() => file.contents(), Error, "it is bad");
    }
    assertEquals(parsed, 1);
    await Deno.writeTextFile(path, "good");
    assertEquals(file.contents(), "good");
    await Deno.remove(path);
    assertThrows(() => file.contents(), Error, "ENOENT");
    await Deno.writeTextFile(path, "good");
    assertEquals(file.contents(), "good");
  }));

Deno.test("WatchedFile tries again where there was no memory", () =>
  inFolder(async (folder) => {
    const path = `${folder}/file`;
    await Deno.writeTextFile(path, "one");
    await settled();
    let memory = false;
    const file = new WatchedFile(path, (bytes) => {
      if (!memory) throw new RangeError("Array buffer allocation failed");
      return fromBytes(bytes);
    });
    assertThrows(() => file.contents(), RangeError);
    memory = true;
    assertEquals(file.contents(), "one");
  }));

Deno.test("WatchedFile waits for nobody who writes to a FIFO", () =>
  inFolder(async (folder) => {
    await output("mkfifo", [`${folder}/fifo`]);
    for (const path of [`${folder}/fifo`, folder, "/dev/null"]) {
      const file = new WatchedFile(path, fromBytes);
      assertThrows(() => file.contents(), Error, "not a regular file");
    }
  }));
