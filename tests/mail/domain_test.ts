import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { strictPath } from "../../lib/mail/address.ts";
import {
  isMailDomain,
  literalAddress,
  withCanonicalLiteral,
} from "../../lib/mail/domain.ts";
import { isPostmaster } from "../../lib/mail/postmaster.ts";

const label = "x".repeat(63);

Deno.test("isMailDomain() takes domains and literals, and nothing else", () => {
  const right = ["a", "a.b", "a-b.c", "a_b", "1.2", "xn--4ca.example", label];
  right.push(`${label}.${label}.${label}.${"y".repeat(63)}`, "[127.0.0.1]");
  right.push("[IPv6:::1]", "[ipv6:2001:DB8::1]", "\xc3\xa4.example");
  for (const each of right) assertEquals(isMailDomain(each), true, each);
  const wrong = ["", ".", ".a", "a.", "a..b", "-a", "a-", "a.-b", "a.b-.c"];
  wrong.push("a b", "[a]", "[]", "[127.0.0.1", "[127.0.0]", "[127.0.0.256]");
  wrong.push("[999.999.999.999]", "[0127.0.0.1]", "[IPv6:invalid]", "[::1]");
  wrong.push("[IPv6:1.2.3.4]", "[IPv6:::1::]", "[IPv6:1:2]", "-\xc3\xa4.b");
  wrong.push(`${label}x.b`, `${"x.".repeat(128)}x`);
  for (const each of wrong) assertEquals(isMailDomain(each), false, each);
});

Deno.test("however an address is written in a literal, it is one", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 0, max: 0xffff }), {
      minLength: 8,
      maxLength: 8,
    }),
    fc.boolean(),
    (words, isUpper) => {
      // Zeros are what can be left out.
      const parts = words.map((word) => word % 3 === 0 ? 0 : word);
      const long = parts.map((part) => part.toString(16).padStart(4, "0"));
      const short = new URL(`http://[${long.join(":")}]/`).hostname;
      const text = isUpper ? long.join(":").toUpperCase() : long.join(":");
      const canonical = withCanonicalLiteral(`a@[IPv6:${text}]`);
      assertEquals(withCanonicalLiteral(canonical), canonical);
      assertEquals(
        withCanonicalLiteral(`a@[IPv6:${short.slice(1, -1)}]`),
        canonical,
      );
      assertEquals(literalAddress(canonical.slice(2)) !== null, true);
    },
  ));
  assertEquals(
    withCanonicalLiteral("a@[IPv6:::ffff:127.0.0.1]"),
    "a@[127.0.0.1]",
  );
  assertEquals(withCanonicalLiteral("a@[127.000.0.01]"), "a@[127.0.0.1]");
  for (const same of ["a@[x]", "a@b", "a]", "", "a@[127.0.0.1]"]) {
    assertEquals(withCanonicalLiteral(same), same);
  }
});

Deno.test("strictPath() takes a local part with a dot at its end in quotes only", () => {
  for (const local of ["a..b", ".a", "a.", ".", "..", "a.b..c"]) {
    assertEquals(strictPath("TO:", `TO:<${local}@b.example>`), null, local);
    const quoted = strictPath("TO:", `TO:<"${local}"@b.example>`);
    assertEquals(quoted?.address, `${local}@b.example`);
  }
  for (const domain of ["-a.b", "a-.b", "[999.9.9.9]", `${label}x.b`]) {
    assertEquals(strictPath("TO:", `TO:<a@${domain}>`), null, domain);
    assertEquals(strictPath("TO:", `TO:a@${domain}`), null, domain);
  }
});

Deno.test("isPostmaster() is one at each of our domains, in any case", () => {
  const isOurs = (domain: string) => domain === "ours";
  const cases: Record<string, boolean> = {
    "postmaster": true,
    "POSTmaster": true,
    "Postmaster@ours": true,
    "postmaster@others": false,
    "postmaster@": false,
    "a@postmaster": false,
    "postmaster+x@ours": false,
    "postmaster@x@ours": false,
    "": false,
  };
  for (const [recipient, is] of Object.entries(cases)) {
    assertEquals(isPostmaster(recipient, isOurs), is, recipient);
  }
  assertEquals(isPostmaster("postmaster@ours"), false);
});
