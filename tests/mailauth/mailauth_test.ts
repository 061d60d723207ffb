import { assertEquals, assertRejects } from "@std/assert";
import { nodeResolver } from "../../lib/mailauth/mailauth.ts";
import { fakeResolver } from "../support/dns.ts";

Deno.test("nodeResolver() has a permerror for an endless SPF record", async () => {
  const records = ["v=spf1 " + "x".repeat(5000), "y".repeat(5000), "short"];
  const resolve = nodeResolver(fakeResolver({ "TXT example.com": records }));
  assertEquals(await resolve("example.com", "TXT"), [
    ["v=spf1 record-too-long"],
    ["short"],
  ]);
  const long = nodeResolver(fakeResolver({ "TXT b.example": [records[1]] }));
  const error = await assertRejects(() => long("b.example", "TXT"), Error);
  assertEquals((error as Error & { code: string }).code, "ENODATA");
});

Deno.test("nodeResolver() has a permerror for macros that come to too much", async () => {
  const attack = `v=spf1 redirect=x.${"%{h}".repeat(20)}!`;
  const honest = "v=spf1 exists:%{ir}.%{v}._spf.%{d2} -all";
  const resolve = nodeResolver(fakeResolver({
    "TXT evil.example": [attack],
    "TXT good.example": [honest],
    "TXT text.example": ["%{h}".repeat(900)], // of no record
  }));
  assertEquals(await resolve("evil.example", "TXT"), [
    ["v=spf1 macros-too-long"],
  ]);
  assertEquals(await resolve("good.example", "TXT"), [[honest]]);
  assertEquals(await resolve("text.example", "TXT"), [["%{h}".repeat(900)]]);
});
