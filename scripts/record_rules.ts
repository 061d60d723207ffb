/**
 * Records what a real tcprules makes of tests/differential/rule_texts.ts, for
 * tests on machines without one:
 *
 *     scripts/deno run -A scripts/record_rules.ts
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { corners } from "../tests/differential/rule_texts.ts";
import { digest, type RecordedCorner } from "../tests/rules/recorded.ts";
import { inFolder, output } from "../tests/support/peers.ts";
import { toBytes } from "../lib/base/bytes.ts";

const target = new URL("../tests/rules/data/corners.json", import.meta.url);

await inFolder(async (folder) => {
  const recorded: RecordedCorner[] = [];
  for (const text of corners) {
    const { code } = await output("tcprules", ["cdb", "tmp"], {
      cwd: folder,
      stdin: toBytes(text),
    });
    const made = code === 0
      ? await digest(await Deno.readFile(`${folder}/cdb`))
      : code;
    recorded.push([await digest(toBytes(text)), made]);
  }
  const lines = recorded.map((each) =>
    `  [${each.map((part) => JSON.stringify(part)).join(", ")}]`
  );
  await Deno.writeTextFile(target, `[\n${lines.join(",\n")}\n]\n`);
  console.log(`${recorded.length} recordings in ${fileURLToPath(target)}`);
});
