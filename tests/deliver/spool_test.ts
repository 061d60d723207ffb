import { assertEquals, assertRejects } from "@std/assert";
import { concat, fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { Spool, spoolFolder } from "../../lib/deliver/spool.ts";
import { inFolder } from "../support/peers.ts";
import { descriptorsIn } from "../support/processes.ts";

async function contents(spool: Spool): Promise<string> {
  const out = [];
  for await (const chunk of spool.read()) out.push(chunk);
  return fromBytes(concat(out));
}

Deno.test("Spool keeps little in memory, and much in a file without a name", () =>
  inFolder(async (folder) => {
    for (const [pieces, files] of [[3, 0], [70, 3], [200, 3]]) {
      const spool = new Spool(folder, 2);
      let expected = "";
      for (let i = 0; i < pieces; i++) {
        const piece = `${i}:`.padEnd(1000, "x");
        expected += piece;
        await spool.append(toBytes(piece));
      }
      assertEquals(descriptorsIn(folder), files);
      assertEquals([...Deno.readDirSync(folder)], []);
      assertEquals(await contents(spool), expected);
      assertEquals(await contents(spool), expected);
      spool.close();
      assertEquals(descriptorsIn(folder), 0);
    }
  }));

Deno.test("Spool makes a file for what is over 64 kB, to the byte", () =>
  inFolder(async (folder) => {
    for (const [size, files] of [[65536, 0], [65537, 3]] as const) {
      const spool = new Spool(folder, 2);
      await spool.append(new Uint8Array(size));
      assertEquals(descriptorsIn(folder), files, `${size}`);
      assertEquals((await contents(spool)).length, size);
      spool.close();
    }
  }));

Deno.test("Spool's two readers do not disturb each other", () =>
  inFolder(async (folder) => {
    const spool = new Spool(folder, 2);
    const text = Array.from(
      { length: 300 },
      (_, i) => `${i}`.padEnd(999) + "\n",
    )
      .join("");
    await spool.append(toBytes(text));
    const half = spool.read();
    const first = await half.next();
    assertEquals(await contents(spool), text);
    let rest = fromBytes(first.value!);
    spool.close(); // who has begun goes on
    for await (const chunk of half) rest += fromBytes(chunk);
    assertEquals(rest, text);
    assertEquals(descriptorsIn(folder), 0);
  }));

Deno.test("Spool tells a failure when it is read", async () => {
  const spool = new Spool("/nonexistent", 2);
  await spool.append(new Uint8Array(100_000));
  await spool.append(new Uint8Array(100_000));
  let failure: unknown;
  await contents(spool).catch((error) => failure = error);
  assertEquals((failure as { code?: string }).code, "ENOENT");
  spool.close();
});

Deno.test("Spool that cannot be read leaves nothing open", () =>
  inFolder(async (folder) => {
    const { open } = Deno;
    let left = 2;
    Deno.open = (...about) =>
      left-- > 0 ? open(...about) : Promise.reject(new Error("no more"));
    try {
      const spool = new Spool(folder, 2);
      await spool.append(new Uint8Array(100_000));
      await assertRejects(() => contents(spool), Error, "no more");
      spool.close();
    } finally {
      Deno.open = open;
    }
    assertEquals(descriptorsIn(folder), 0);
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("Spool may be closed twice", () =>
  inFolder(async (folder) => {
    const spool = new Spool(folder, 2);
    await spool.append(new Uint8Array(100_000));
    spool.close();
    spool.close();
    assertEquals(descriptorsIn(folder), 0);
  }));

Deno.test("Spool that is closed while it opens its file leaves nothing open", () =>
  inFolder(async (folder) => {
    const spool = new Spool(folder, 2);
    const appending = spool.append(toBytes("x".repeat(100_000)));
    spool.close();
    await appending;
    assertEquals(descriptorsIn(folder), 0);
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("spoolFolder() is $TMPDIR's text, or /tmp", () => {
  assertEquals(spoolFolder(new Map()), "/tmp");
  assertEquals(spoolFolder(new Map([["TMPDIR", "/\xc3\xa4"]])), "/\u00e4");
});
