/**
 * What the world does around guides/from-one-gate-to-many.md.
 *
 * @module
 */
import type { Booted } from "./booted_systemd.ts";
import type { Here } from "./guide.ts";
import { until } from "./peers.ts";

const sh = (booted: Booted, script: string) =>
  booted.run("sh", "-ec", `cd /root; ${script}`);

/** Waits until a script ends with 0. */
const when = (what: string, script: string) => async (booted: Booted) => {
  let said = "";
  try {
    await until(what, async () => {
      const { code, stdout, stderr } = await sh(booted, script);
      said = stdout + stderr;
      return code === 0;
    }, 90);
  } catch (error) {
    const { stdout } = await booted.run(
      "journalctl",
      "--lines",
      "40",
      "-u",
      "postern-*",
      "-u",
      "dovecot",
    );
    throw new Error(`${error}: ${said}\n${stdout}`);
  }
};

const brokersAreUp = when(
  "the brokers are up",
  "for i in 1 2 3; do rabbitmqctl -q -n mq$i@mq$i await_startup --timeout 50; " +
    "done; test $(rabbitmqctl -q -n mq1@mq1 eval 'length(rabbit_nodes:all_running()).') = 3",
);

const hasMail = (subject: string) =>
  when(
    `ann has ${subject}`,
    `grep -rqx 'Subject: ${subject}' /var/mail/vmail/example.org/ann/Maildir/new`,
  );

/** By the names of the guide. */
export const manyMachines: Here = {
  "the brokers are up": brokersAreUp,
  // The minute is for disks that lose their power, as nobody does here.
  "the queue is set up": when(
    "the queue is set up",
    "postern queue setup --wait 5 --queue-auth /etc/postern/queue-auth " +
      "amqp://mq1,mq2,mq3",
  ),
  "haproxy has found the gates": when(
    "a gate answers behind haproxy",
    "printf 'QUIT\\r\\n' | timeout 5 curl -sS telnet://mx.example.org:25 | " +
      "grep -q '^220 mx.example.org'",
  ),
  "ann has it": hasMail("one"),
  "ann has it, too": hasMail("two"),
};
