import { assertEquals } from "@std/assert";
import { unitScripts } from "../../lib/doctor/reading/unit.ts";
import { commandWord } from "../../lib/service/systemd_words.ts";

Deno.test("words of a unit mean what they meant when init-script wrote them", () => {
  const words = [
    "/var/mail/{domain}/{user%+}/Maildir",
    "100%",
    "%n",
    "$HOME and $$",
    'a "quoted" word',
    "it's",
  ];
  const command = ["/usr/bin/postern", "serve", ...words].map(commandWord);
  const [script] = unitScripts(
    "/etc/systemd/system/smtpd.service",
    `[Service]\nExecStart=!${command.join(" ")}\n`,
  );
  assertEquals(script.args, words);
});

Deno.test("a unit may name itself", () => {
  const [script] = unitScripts(
    "/etc/systemd/system/smtpd.service",
    "[Service]\nExecStart=/usr/bin/postern serve --pidfile /run/%N.pid %n\n",
  );
  assertEquals(script.args, ["--pidfile", "/run/smtpd.pid", "smtpd.service"]);
});
