/**
 * Log-ins by a real Dovecot.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import {
  attempt,
  encrypted,
  peers,
  plain,
  schemes,
  taken,
  withBoth,
  wrong,
} from "../support/dovecot_gate.ts";
import { needing } from "../support/peers.ts";

const ways: Record<string, Parameters<typeof withBoth>[1]> = {
  "in process": {},
  "executed, by TCP": { gate: ["--isolate"], byPort: true },
  confined: { gate: ["--confine"] },
};

for (const [way, given] of Object.entries(ways)) {
  Deno.test(
    needing({ peers, root: true }, `whoever Dovecot knows may relay, ${way}`),
    () =>
      withBoth(async ({ server }) => {
        const client = await encrypted(server);
        assertMatch(
          await client.ask("EHLO client.example"),
          /^250-AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256\r$/m,
        );
        assertEquals(await plain(client, "", "bcrypt", "y"), wrong);
        assertEquals(await client.ask("AUTH LOGIN"), "334 VXNlcm5hbWU6\r\n");
        assertMatch(await client.ask("*"), /^501 /);
        assertEquals(await client.ask("AUTH PLAIN"), "334 \r\n");
        assertEquals(await client.ask(btoa("\0crypt\0x")), taken);
        await client.ask("MAIL FROM:<a@a.example>");
        assertMatch(await client.ask("RCPT TO:<b@far.example>"), /^250 /);
        client.close();
        for (const user of Object.keys(schemes)) {
          assertEquals(await attempt(server, user), taken, user);
        }
        await server.gate.logged(
          /login\.refused .* user=bcrypt mech=PLAIN by=dovecot login_ms=/,
        );
        await server.gate.logged(
          /login\.accepted .* user=crypt mech=PLAIN by=dovecot login_ms=/,
        );
      }, given),
  );
}

Deno.test(
  needing({ peers, root: true }, "who it is, and for whom, is Dovecot's word"),
  () =>
    withBoth(async ({ server }) => {
      // A master user may act for others, and is logged in as they are.
      assertEquals(
        await attempt(server, "boss", { authzid: "plain", pw: "m" }),
        taken,
      );
      await server.gate.logged(/login\.accepted .* user=plain mech=PLAIN/);
      assertEquals(await attempt(server, "plain*boss", { pw: "m" }), taken);
      assertEquals(
        await attempt(server, "plain", { authzid: "bcrypt" }),
        wrong,
      );
      assertEquals(
        await attempt(server, "boss", { authzid: "none", pw: "m" }),
        wrong,
      );
      await server.gate.logged(/login\.refused .* reason=\S*authz/);
      // The password is right, and yet he is not to be let in.
      assertEquals(await attempt(server, "shy"), wrong);
      await server.gate.logged(
        /login\.refused .* user=shy .* reason=\S*nologin/,
      );
      assertEquals(await attempt(server, "far"), wrong);
      assertEquals(await attempt(server, "J.DOE@A.EXAMPLE"), taken);
      await server.gate.logged(/login\.accepted .* user=j\.doe@a\.example /);
    }, { more: "auth_username_format = %Lu" }),
);
