import { assertEquals } from "@std/assert";
import { SyslogSender } from "../../lib/log/syslog_sender.ts";
import { inFolder, until } from "../support/peers.ts";

/** A syslogd at a path, and what it has been told. */
function listen(path: string) {
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  const heard: string[] = [];
  const reading = (async () => {
    for await (const [bytes] of socket) {
      heard.push(new TextDecoder().decode(bytes));
    }
  })().catch(() => {
    // It was closed.
  });
  return {
    heard,
    async close() {
      socket.close();
      await reading;
      Deno.removeSync(path);
    },
  };
}

const lost = (count: number) => `lost ${count}`;
const kept = 4096;

Deno.test("what was lost is told where it would stand", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log`;
    const sender = new SyslogSender(path, lost);
    for (let i = 0; i < kept + 10; i++) await sender.send(`line ${i}`);
    const syslog = listen(path);
    assertEquals(await sender.close(), 0);
    await until("all is there", () => syslog.heard.length === kept + 1);
    assertEquals(syslog.heard.slice(0, 2), ["lost 10", "line 10"]);
    await sender.send("afterwards"); // told once
    await until("the next, too", () => syslog.heard.length === kept + 2);
    assertEquals(syslog.heard.at(-1), "afterwards");
    await sender.close();
    await syslog.close();
  }));

Deno.test("a line of many pieces counts as one, and goes as a whole", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log`;
    const sender = new SyslogSender(path, lost);
    for (let piece = 0; piece < 5; piece++) {
      await sender.send(`long ${piece}`, piece > 0);
    }
    for (let i = 0; i < kept; i++) await sender.send(`line ${i}`);
    const syslog = listen(path);
    await sender.close();
    await until("all is there", () => syslog.heard.length === kept + 1);
    assertEquals(syslog.heard.slice(0, 2), ["lost 1", "line 0"]);
    await syslog.close();
  }));

Deno.test("who closes is told how many lines are lost", () =>
  inFolder(async (folder) => {
    const sender = new SyslogSender(`${folder}/log`, lost);
    for (let i = 0; i < kept + 10; i++) await sender.send(`line ${i}`);
    await sender.send("piece", true);
    assertEquals(await sender.close(), kept + 10);
  }));
