/**
 * When a pidfile says who serves.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { Pidfile } from "../../lib/process/pidfile.ts";
import { inFolder } from "../support/peers.ts";

const names = (folder: string) =>
  [...Deno.readDirSync(folder)].map(({ name }) => name);

const ours = `${Deno.pid}\n`;

Deno.test("a pidfile comes as a whole when it is published", () =>
  inFolder(async (folder) => {
    const path = `${folder}/pid`;
    await Deno.writeTextFile(path, "1\n");
    const pidfile = new Pidfile(path);
    pidfile.prepare();
    assertEquals(await Deno.readTextFile(path), "1\n");
    pidfile.publish();
    assertEquals(await Deno.readTextFile(path), ours);
    pidfile.remove();
    assertEquals(names(folder), []);
  }));

Deno.test("one that is claimed names nobody until it is published", () =>
  inFolder(async (folder) => {
    const path = `${folder}/pid`;
    await Deno.writeTextFile(path, "1\n");
    const first = new Pidfile(path);
    first.prepare();
    first.claim();
    assertEquals(await Deno.readTextFile(path), "");
    assertEquals(names(folder), ["pid"]);
    const again = Pidfile.again(first.state!);
    again.publish();
    assertEquals(await Deno.readTextFile(path), ours);
    again.remove();
    assertEquals(names(folder), []);
  }));

Deno.test("what is no file is not replaced", () =>
  inFolder((folder) => {
    const pidfile = new Pidfile(folder);
    assertThrows(() => pidfile.prepare(), Error, "is a directory");
    pidfile.remove();
    assertEquals(names(folder), []);
    return Promise.resolve();
  }));
