/** guides/certificates.md, typed, with somebody in certbot's place. */
import { assertEquals } from "@std/assert";
import { needingBoot } from "../support/booted_systemd.ts";
import { follow } from "../support/guide.ts";
import { certificates, withExecutable } from "../support/guide_machines.ts";

Deno.test(
  needingBoot("certificates", ["openssl"]),
  () =>
    withExecutable(async (booted) => {
      assertEquals(await follow("certificates.md", booted, certificates), [
        "apt install certbot",
        '0 6 * * *  root  postern doctor --config /etc/postern/postern.toml > /tmp/doctor || mail -s "postern doctor" root < /tmp/doctor',
        "certbot renew --force-renewal --deploy-hook /etc/letsencrypt/renewal-hooks/deploy/postern",
        "systemctl restart smtpd",
      ]);
    }),
);
