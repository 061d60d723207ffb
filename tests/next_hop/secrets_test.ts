import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { HopSecrets } from "../../lib/next_hop/secrets.ts";
import { inFolder } from "../support/peers.ts";

Deno.test("a password is its host's, or everybody's", () =>
  inFolder(async (folder) => {
    const path = `${folder}/auth`;
    await Deno.writeTextFile(
      path,
      "# comment\n\nMail.Example ann pass word \r\n* bob other\nmail.example late x\n",
    );
    const secrets = new HopSecrets(path, null);
    assertEquals(secrets.credentials("mail.example"), {
      user: "ann",
      password: "pass word ",
    });
    assertEquals(secrets.credentials("else.example")?.user, "bob");
    await Deno.writeTextFile(path, "mail.example ann\n");
    assertThrows(() => secrets.read(), Error, "auth, line 1: wants HOST");
    // What was read before stays.
    assertEquals(secrets.credentials("else.example")?.user, "bob");
  }));

Deno.test("what is wrong with the files is told", () =>
  inFolder(async (folder) => {
    const path = `${folder}/auth`;
    await Deno.writeTextFile(path, "h u p\n", { mode: 0o644 });
    assertEquals(new HopSecrets(path, `${folder}/ca`).problems(), [
      `unable to read ${folder}/ca: file does not exist`,
      `${path}: everybody on this machine may read it: chmod o-r would do`,
    ]);
    await Deno.writeTextFile(`${folder}/ca`, "nothing\n");
    assertEquals(new HopSecrets(null, `${folder}/ca`).problems(), [
      `${folder}/ca: there is no certificate in PEM in it`,
    ]);
    assertEquals(new HopSecrets(null, null).problems(), []);
  }));

Deno.test("a host has no port and no brackets", () =>
  inFolder(async (folder) => {
    const path = `${folder}/auth`;
    for (const host of ["mail.example:587", "[mail.example]", "a/b"]) {
      await Deno.writeTextFile(path, `${host} ann x\n`, { mode: 0o600 });
      const found = new HopSecrets(path, null).problems();
      assertEquals(found.length, 1);
      assertMatch(found[0], /auth, line 1: .* is no host/);
    }
    for (const host of ["*", "192.0.2.1", "2001:db8::1", "mail.example"]) {
      await Deno.writeTextFile(path, `${host} ann x\n`, { mode: 0o600 });
      assertEquals(new HopSecrets(path, null).problems(), [], host);
    }
  }));
