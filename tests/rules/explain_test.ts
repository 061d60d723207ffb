import { assertEquals, assertThrows } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import { CdbError } from "../../lib/cdb/reader.ts";
import { compileInMemory } from "../../lib/rules/compile.ts";
import { explain } from "../../lib/rules/explain.ts";
import { explanationJson, findingsJson } from "../../lib/rules/json.ts";
import { lint } from "../../lib/rules/lint.ts";
import type { Peer } from "../../lib/rules/lookup.ts";

const peer: Peer = { ip: "192.0.2.1", host: null, info: null };
const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("explain() says the same of a text and of its database", () => {
  const text = toBytes('192.0.2.:allow,A="1"\n:deny\n');
  const ofText = explain(text, peer);
  assertEquals(ofText.source, { line: 1, text: '192.0.2.:allow,A="1"' });
  assertEquals(explain(compileInMemory(text), peer), {
    ...ofText,
    source: null,
  });
});

Deno.test("explain() names the first line of those with the same address", () => {
  const text = "# office\n192.0.3.:deny\n192.0.2.:deny \t\n192.0.2.:allow\n";
  const { source } = explain(toBytes(text), peer);
  assertEquals(source, { line: 3, text: "192.0.2.:deny" });
});

Deno.test("explain() allows nobody by a file that serve refuses", () => {
  const whole = compileInMemory(toBytes(":deny\n1.2.3.:deny\n"));
  const refused = (rules: Uint8Array) =>
    assertThrows(() => explain(rules, peer), CdbError).message;
  for (let length = 0; length < whole.length; length++) {
    refused(
      whole.subarray(0, length),
    );
  }
  assertEquals(refused(new Uint8Array()), "it is empty");
  assertEquals(refused(whole.subarray(0, -1)), "truncated: 1 byte is missing");
  assertEquals(
    refused(toBytes("# nothing yet\n")),
    "neither a database nor a text with a rule in it",
  );
});

Deno.test("explain() says what is decided of a name that leads nowhere", () => {
  const relay = (key: string) => `${key}:allow,RELAYCLIENT=""\n`;
  const named = { ...peer, host: "mx.example" };
  const deny = { type: "deny", rule: "" } as const;
  const none = { type: "allow", rule: null, env: [] } as const;
  for (
    const [text, client, otherwise] of [
      [relay("=mx.example") + ":deny\n", named, deny],
      [relay("=mx.example") + relay("=.example"), named, none],
      [relay("=mx.example") + ":deny\n", peer, null],
      [relay("192.0.2.") + ":deny\n", named, null],
      ["=mx.example:allow\n:deny\n", named, null],
    ] as const
  ) assertEquals<unknown>(explain(toBytes(text), client).otherwise, otherwise);
});

Deno.test("JSON has UTF-8 where it was written, and escapes other bytes", () => {
  const text = utf8('=gr\u00fcn.example:allow,ÜBER="\u20ac"\n');
  const host = { ...peer, host: String.fromCharCode(...utf8("grün.example")) };
  const { decision, tried, source } = JSON.parse(
    explanationJson(explain(text, host)),
  );
  assertEquals(decision.rule, "=grün.example");
  assertEquals(decision.env, [["ÜBER", "€"]]);
  assertEquals(tried, ["192.0.2.1", "=grün.example"]);
  assertEquals(source.text, '=grün.example:allow,ÜBER="€"');

  const marked = utf8('192.0.2.:allow,A="\ufeff"\n');
  assertEquals(
    JSON.parse(explanationJson(explain(marked, peer))).decision.env,
    [["A", "\ufeff"]],
  );
  const latin1 = toBytes('192.0.2.:allow,A="\xe9\xff"\n');
  const other = JSON.parse(explanationJson(explain(latin1, peer)));
  assertEquals(other.decision.env, [["A", "\\xe9\\xff"]]);
});

Deno.test("JSON of findings: the file's name is no byte string", () => {
  const findings = lint(utf8('1.:allow,Ü="1"\n:deny\n'));
  const json = JSON.parse(findingsJson("rüles", findings));
  assertEquals(json.file, "rüles");
  assertEquals(json.findings, [{
    line: 1,
    severity: "warning",
    kind: "odd-name",
    what: '"Ü" is no usual name of a variable',
    remedy: "write letters, digits and _, and no blanks around it",
  }]);
});
