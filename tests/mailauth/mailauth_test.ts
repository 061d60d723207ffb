import { assertEquals, assertRejects } from "@std/assert";
import { nodeResolver } from "../../lib/mailauth/mailauth.ts";
import { fakeResolver } from "../support/dns.ts";

Deno.test("nodeResolver() has a permerror for an endless SPF record", async () => {
  const records = ["v=spf1 " + "x".repeat(5000), "y".repeat(5000), "short"];
  const resolve = nodeResolver(fakeResolver({ "TXT example.com": records }), 9);
  assertEquals(await resolve("example.com", "TXT"), [
    ["v=spf1 record-too-long"],
    ["short"],
  ]);
  const long = nodeResolver(fakeResolver({ "TXT b.example": [records[1]] }), 9);
  const error = await assertRejects(() => long("b.example", "TXT"), Error);
  assertEquals((error as Error & { code: string }).code, "ENODATA");
});
