/**
 * Corners of the grammar as a real tcprules was recorded (record_rules.ts in
 * scripts/); the differential tests ask it again, where it is installed.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import { compileInMemory } from "../../lib/rules/compile.ts";
import { RuleError } from "../../lib/rules/grammar.ts";
import { corners } from "../differential/rule_texts.ts";
import { digest, type RecordedCorner } from "./recorded.ts";

const recorded: RecordedCorner[] = JSON.parse(
  await Deno.readTextFile(new URL("data/corners.json", import.meta.url)),
);

async function made(text: string): Promise<string | number> {
  try {
    return await digest(compileInMemory(toBytes(text)));
  } catch (error) {
    assert(error instanceof RuleError, `${error}`);
    return 100;
  }
}

Deno.test("each corner of the grammar is what tcprules made of it", async () => {
  const texts = await Promise.all(corners.map((text) => digest(toBytes(text))));
  assertEquals(texts, recorded.map(([text]) => text), "record them anew");
  for (const [i, [, expected]] of recorded.entries()) {
    const text = corners[i];
    assertEquals(await made(text), expected, JSON.stringify(text).slice(0, 99));
  }
});
