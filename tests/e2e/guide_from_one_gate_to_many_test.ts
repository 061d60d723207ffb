/**
 * guides/from-one-gate-to-many.md, typed: its machines are addresses of one.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { needingBoot } from "../support/booted_systemd.ts";
import { follow } from "../support/guide.ts";
import { withExecutable } from "../support/guide_machines.ts";
import { manyMachines } from "../support/many_machines.ts";
import { rabbitPeers } from "../support/rabbitmq.ts";

Deno.test(
  needingBoot("from one gate to many", [
    ...rabbitPeers,
    ...["haproxy", "dovecot", "doveadm", "curl", "openssl"],
  ]),
  () =>
    withExecutable(async (booted) => {
      const guide = "from-one-gate-to-many.md";
      assertEquals(await follow(guide, booted, manyMachines), [
        "          clients",
        "apt install haproxy rabbitmq-server dovecot-lmtpd curl",
        "postern queue setup --queue-auth /etc/postern/queue-auth amqp://mq1,mq2,mq3",
        "for gate in gate1 gate2 gate3; do rsync /etc/postern/rules.cdb $gate:/etc/postern/; done",
      ]);
    }),
);
