/**
 * smtpd's options about its log.
 *
 * @module
 */
import { logFormatOption, mailLogOption } from "../mail_log_option.ts";

export const theMailLog = {
  title: "The log",
  options: {
    mailLog: mailLogOption("off, or what serve has", "block"),
    logFormat: logFormatOption(
      `See postern-log(5).
Within serve its own --log-format counts.`,
      "block",
    ),
  },
};
