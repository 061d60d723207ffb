/**
 * A log file that is moved away, cannot be made, or has no room.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { LogFile, tryLogFile } from "../../lib/log/log_file.ts";
import { openMailLog } from "../../lib/log/mail_log.ts";
import { flushAll } from "../../lib/log/line_writer.ts";
import { inFolder, output } from "../support/peers.ts";
import { into } from "../support/troubles.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (path: string) => Deno.readTextFileSync(path);

Deno.test("what comes after a move is in a new file", () =>
  inFolder(async (folder) => {
    const path = `${folder}/mail.log`, troubles: string[] = [];
    Deno.writeTextFileSync(path, "before\n");
    const log = new LogFile(path, into(troubles));
    await log.write(bytes("one\n"));
    Deno.renameSync(path, `${path}.1`);
    log.refresh(); // as at HUP: else it is noticed within a second
    await log.write(bytes("two\n"));
    assertEquals(read(`${path}.1`), "before\none\n");
    assertEquals([read(path), troubles], ["two\n", []]);
  }));

Deno.test("where there can be no new file the old one is written to", () =>
  inFolder(async (folder) => {
    const path = `${folder}/logs/mail.log`, troubles: string[] = [];
    Deno.mkdirSync(`${folder}/logs`);
    const log = new LogFile(path, into(troubles));
    Deno.renameSync(`${folder}/logs`, `${folder}/old`);
    for (const line of ["one\n", "two\n"]) {
      log.refresh();
      await log.write(bytes(line));
    }
    assertEquals(read(`${folder}/old/mail.log`), "one\ntwo\n");
    const told = `unable to write ${path}: file does not exist; ` +
      "it goes on in the one that was there";
    assertEquals(new Set(troubles), new Set([told]));
  }));

Deno.test("a full disk is told once, and holds nobody up", async () => {
  const troubles: string[] = [];
  const emit = openMailLog(
    { type: "file", path: "/dev/full" },
    "text",
    into(troubles),
  );
  for (let i = 0; i < 3; i++) {
    emit({ type: "rules.read", path: "x" });
    await flushAll(5);
  }
  assertEquals(troubles, [
    "unable to write /dev/full: out of disk space; lines are lost",
  ]);
});

Deno.test("what would hold a writer up is no log file", () =>
  inFolder(async (folder) => {
    const path = `${folder}/fifo`;
    await output("mkfifo", [path]);
    assertThrows(() => new LogFile(path, () => {}), Error, "it is a FIFO");
    assertThrows(() => tryLogFile(path), Error, "it is a FIFO");
    assertThrows(() => tryLogFile(`${folder}/a/b`));
    tryLogFile(`${folder}/new`);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [
      "fifo",
    ]);
  }));

Deno.test("writers that share a file keep their lines whole", () =>
  inFolder(async (folder) => {
    const place = { type: "file", path: `${folder}/log` } as const;
    const logs = [1, 2, 3].map(() => openMailLog(place, "text", () => {}));
    for (let i = 0; i < 300; i++) {
      for (const [n, emit] of logs.entries()) {
        emit({ type: "rules.read", path: `/${n}/`.padEnd(100 + i, "x") });
      }
    }
    await flushAll(5);
    const lines = read(place.path).split("\n");
    assertEquals(lines.pop(), "");
    assertEquals(lines.length, 900);
    assert(lines.every((each) => /Z rules\.read path=\/\d\/x+$/.test(each)));
  }));
