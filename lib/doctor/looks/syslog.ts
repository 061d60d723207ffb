/**
 * Whether somebody takes what is said to syslog.
 *
 * @module
 */
import { reason } from "../../base/reason.ts";
import { UnixSender } from "../../sys/datagram.ts";
import { error, type Finding } from "../finding.ts";
import type { Look } from "../look.ts";

export const syslog: Look = {
  id: "syslog",
  summary: "the socket of syslog, where something is logged there",
  needs: [],
  find({ gates, script }) {
    const paths = new Set(script?.syslogSockets ?? []);
    for (const { options, smtpd } of gates) {
      for (const place of [options.mailLog, smtpd?.mailLog]) {
        if (place?.type === "syslog") paths.add(place.path);
      }
    }
    return [...paths].flatMap(ofSocket);
  },
};

/** Connecting says nothing to the other side. */
function ofSocket(path: string): Finding[] {
  try {
    new UnixSender(path).close();
    return [];
  } catch (cause) {
    return [error(
      `nobody takes log lines at ${path}: ${reason(cause)}`,
      "start a syslogd (systemctl start rsyslog, or systemd-journald), or " +
        "log to a file: --mail-log FILE",
      path,
    )];
  }
}
