/**
 * What other programs write is whole: tcprules, and tinycdb in each of its
 * ways to treat records of one key.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { toBytes } from "../../lib/base/bytes.ts";
import { verifiedCdb } from "../../lib/cdb/verify.ts";
import { inFolder, needing, output, peer } from "../support/peers.ts";
import { runs } from "../support/random.ts";
import { corners } from "./rule_texts.ts";

Deno.test(
  needing({ peers: ["tcprules"] }, "databases of tcprules"),
  () =>
    inFolder(async (folder) => {
      let made = 0;
      for (const text of corners) {
        const { code } = await output(peer("tcprules")!, ["cdb", "tmp"], {
          cwd: folder,
          stdin: toBytes(text),
        });
        if (code !== 0) continue;
        verifiedCdb(await Deno.readFile(`${folder}/cdb`));
        made++;
      }
      assertEquals(made > 150, true, `${made}`);
    }),
);

const key = fc.constantFrom("", "a", "b", "c", "\0", "same");
const data = fc.constantFrom("", "x", "\0\0\0\0\0\0\0\0", "longer data");

// -r replaces, -0 wipes, -u keeps the first.
for (const options of ["-c", "-cr", "-c0", "-cu"]) {
  Deno.test(
    needing({ peers: ["cdb"] }, `databases of cdb ${options}`),
    () =>
      inFolder((folder) =>
        fc.assert(
          fc.asyncProperty(
            fc.array(fc.tuple(key, data), { maxLength: 40 }),
            async (records) => {
              const path = `${folder}/cdb`;
              const lines = records.map(([key, data]) =>
                `+${key.length},${data.length}:${key}->${data}\n`
              );
              const { code, stderr } = await output(
                peer("cdb")!,
                [options, path],
                { stdin: toBytes(lines.join("") + "\n") },
              );
              assertEquals([code, stderr], [0, ""]);
              const cdb = verifiedCdb(await Deno.readFile(path));
              for (const [key] of records) {
                assertEquals(cdb.find(toBytes(key)) !== null, true);
              }
            },
          ),
          { numRuns: runs(500, 60) },
        )
      ),
  );
}
