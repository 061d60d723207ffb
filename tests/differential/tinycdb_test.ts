/**
 * Databases that tinycdb and postern make of the same records, and what each
 * reads in the other's.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { concat, fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { replaceFile } from "../../lib/cdb/file.ts";
import { CdbReader } from "../../lib/cdb/reader.ts";
import { dump } from "../../lib/cdb/text.ts";
import { CdbWriter } from "../../lib/cdb/writer.ts";
import { inFolder, needing, output, peer, postern } from "../support/peers.ts";
import { randomFrom, runs } from "../support/random.ts";

const tinycdb = peer("cdb")!;
type Records = readonly (readonly [key: string, data: string])[];

function write(path: string, records: Records): void {
  replaceFile(path, `${path}.tmp`, (file) => {
    const writer = new CdbWriter(file);
    for (const [key, data] of records) writer.add(toBytes(key), toBytes(data));
    writer.finish();
  });
}

const textOf = (records: Records) =>
  records.map(([key, data]) =>
    `+${key.length},${data.length}:${key}->${data}\n`
  ).join("") + "\n";

async function raw(args: string[], stdin = ""): Promise<[number, string]> {
  const child = new Deno.Command(tinycdb, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  writer.write(toBytes(stdin)).then(() => writer.close()).catch(() => {});
  const { code, stdout } = await child.output();
  return [code, fromBytes(stdout)];
}

const piece = fc.oneof(
  fc.constantFrom("", "k", "\0", "\n", "->", "+1,1:a->b\n"),
  fc.uint8Array({ maxLength: 30 }).map(fromBytes),
);

Deno.test(
  needing({ peers: ["cdb"] }, "the same file, and each reads the other's"),
  () =>
    inFolder((folder) =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(piece, piece), { maxLength: 60 }),
          async (records) => {
            const [own, other] = [`${folder}/own`, `${folder}/other`];
            write(own, records);
            const [made] = await raw(["-c", other], textOf(records));
            assertEquals(made, 0);
            const bytes = await Deno.readFile(other);
            assert(
              fromBytes(await Deno.readFile(own)) === fromBytes(bytes),
              `not the same file of ${JSON.stringify(records)}`,
            );
            assertEquals(await raw(["-d", own]), [0, textOf(records)]);
            const dumped = concat([...dump(new CdbReader(bytes))]);
            assertEquals(fromBytes(dumped), textOf(records));
          },
        ),
        { numRuns: runs(2_000, 200) },
      )
    ),
);

Deno.test(
  needing(
    { peers: ["cdb"] },
    "thousands of records in one table, and of one key",
  ),
  () =>
    inFolder(async (folder) => {
      const random = randomFrom(1);
      const records = Array.from(
        { length: 20_000 },
        (_, i) =>
          [i % 3 ? `k${Math.floor(random() * 5000)}` : "same", `${i}`] as const,
      );
      write(`${folder}/own`, records);
      await raw(["-c", `${folder}/other`], textOf(records));
      const [own, other] = ["own", "other"].map((name) =>
        fromBytes(Deno.readFileSync(`${folder}/${name}`))
      );
      assert(own === other, "not the same file");
    }),
);

Deno.test(
  needing(
    { peers: ["cdb"] },
    "a database over 100 MB by the executable, both ways",
  ),
  () =>
    inFolder(async (folder) => {
      const random = randomFrom(2);
      const file = await Deno.create(`${folder}/records`);
      const keyOf = (i: number) => `key number ${i * 7919 % 500_000}`;
      for (let i = 0, block = ""; i < 500_000; i++) {
        const key = keyOf(i);
        const data = String.fromCharCode(random() * 256)
          .repeat(random() * 380);
        block += `+${key.length},${data.length}:${key}->${data}\n`;
        if (i % 10_000 !== 9_999) continue;
        file.writeSync(toBytes(i === 499_999 ? block + "\n" : block));
        block = "";
      }
      file.close();
      const sh = (line: string) =>
        output("/bin/sh", ["-ec", line], { cwd: folder });
      const { code, stderr } = await sh(`
        ${tinycdb} -c other < records
        ${postern} rules make own own.tmp < records
        cmp own other
        ${tinycdb} -d own | cmp - records
        ${postern} rules dump other | cmp - records
        test $(stat -c %s own) -gt 100000000
        test "$(${postern} rules get other '${keyOf(77_777)}' | sha256sum)" \
           = "$(${tinycdb} -q own '${keyOf(77_777)}' | sha256sum)"
      `);
      assertEquals([code, stderr], [0, ""]);
    }),
);
