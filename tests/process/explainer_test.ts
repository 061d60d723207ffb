/** What the rules say of an address, by the database that decides. */
import { assertEquals, assertMatch } from "@std/assert";
import { CdbReader } from "../../lib/cdb/reader.ts";
import { explanationOf } from "../../lib/process/explainer.ts";
import { compileInMemory } from "../../lib/rules/compile.ts";
import { ExtendedAddresses } from "../../lib/rules/extended.ts";

const database = new CdbReader(
  compileInMemory(new TextEncoder().encode("10.:deny\n2001:db8::/32:deny\n"), {
    extended: new ExtendedAddresses(),
  }),
);

Deno.test("each spelling of an address is that address", () => {
  const explained = (ip: string) =>
    explanationOf("/cdb", () => database, ip).split("\n")[0];
  for (
    const [ip, decision] of [
      ["10.1.2.3", "deny"],
      ["::ffff:10.1.2.3", "deny"],
      ["2001:DB8:0:0::1", "deny"],
      ["192.0.2.1", "allow"],
      ["fe80::1%eth0", "allow"],
    ]
  ) assertEquals(explained(ip), `decision  ${decision}`, ip);
});

Deno.test("a database that cannot be read is told", () => {
  const unreadable = () => {
    throw Object.assign(new Error("no"), { code: "EACCES" });
  };
  assertMatch(
    explanationOf("/etc/cdb", unreadable, "192.0.2.1"),
    /^unable to read \/etc\/cdb: /,
  );
});
