/**
 * The options of postern rules; each of its subcommands takes some of them.
 *
 * @module
 */
import { flag, sections, value, type Values } from "../../lib/cli/option.ts";
import { bytes, path } from "../../lib/cli/readers.ts";
import { formatOption } from "../format_option.ts";

export const { groups, options } = sections({
  title: "Options",
  options: {
    extended: flag({
      long: "extended",
      help: "the text may have CIDR ranges, IPv6 addresses and prefixes, and " +
        "comments behind a rule",
      manual: `See Extended grammar.`,
    }),
    output: value({
      short: "o",
      long: "output",
      value: "cdb",
      help: "the database to make; the temporary file's name is chosen",
      read: path,
      initial: null,
    }),
    paranoid: flag({
      short: "p",
      long: "paranoid",
      help: "the gate has -p, so rules with RELAYCLIENT may be for names",
    }),
    format: formatOption("of what is printed"),
    host: value({
      long: "host",
      value: "host",
      help: "the client's name, as TCPREMOTEHOST would have it",
      read: bytes,
      initial: null,
    }),
    info: value({
      long: "info",
      value: "user",
      help: "its ident answer, as TCPREMOTEINFO would have it",
      read: bytes,
      initial: null,
    }),
  },
});

export type RulesOptions = Values<typeof options>;
