/**
 * Rules that no client can ever match, by the look of their address.
 *
 * @module
 */
import { isIPv4, isIPv6 } from "../base/ip.ts";

interface AddressFinding {
  readonly kind: string;
  readonly what: string;
  readonly remedy: string;
}

const never = (why: string, remedy: string): AddressFinding => ({
  kind: "unreachable",
  what: `no client ever matches this: ${why}`,
  remedy,
});

const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4Prefix = new RegExp(`^(?:${octet}\\.){1,3}$`);

/**
 * @param key as it stands in the cdb
 * @returns null if a client can match it
 */
export function addressFinding(
  key: string,
  extended: boolean,
): AddressFinding | null {
  if (/^[ \t]/.test(key)) {
    return never("the line begins with a blank", "remove the blank");
  }
  const at = key.lastIndexOf("@");
  if (at >= 0) {
    const rest = key.slice(at + 1);
    if (rest.startsWith("=") || isIPv4(rest) || isIPv6(rest)) return null;
    return never(
      "behind USER@ only a whole address or =HOST is looked up",
      "write the whole address, or =HOST",
    );
  }
  if (key.startsWith("=")) return nameFinding(key.slice(1));
  if (key === "" || isIPv4(key) || ipv4Prefix.test(key)) return null;
  if (extended && (isIPv6(key) || key.includes("/"))) return null;
  return addressMistake(key);
}

function nameFinding(name: string): AddressFinding | null {
  if (name === "" || /^\.?[^.*\s][^*\s]*[^.*\s]$|^\.?[^.*\s]$/.test(name)) {
    return null;
  }
  if (name.includes("*")) {
    return never("a * is a letter like any other", "write =.example.org");
  }
  return never("a name has no blanks, and no dot at its end", "remove them");
}

function addressMistake(key: string): AddressFinding {
  if (key.includes("/")) {
    return never("CIDR needs the extended grammar", "compile with --extended");
  }
  if (key.includes(":")) {
    return never("IPv6 needs the extended grammar", "compile with --extended");
  }
  const parts = key.split(".");
  if (/^[\d.]+$/.test(key)) {
    if (parts.some((part) => Number(part) > 255)) {
      return never("a number is above 255", "correct the number");
    }
    if (parts.some((part) => /^0\d/.test(part))) {
      return never("addresses have no leading zeros", "remove the zeros");
    }
    if (key.endsWith(".") && parts.length > 4) {
      return never("it is a whole address with a dot", "remove the last dot");
    }
    if (parts.length < 4 && parts.every((part) => part !== "")) {
      return never(
        "it is neither a whole address nor a prefix",
        `write "${key}." for the whole range`,
      );
    }
    return never("it is no address and no prefix", "correct the address");
  }
  if (/[a-z]/i.test(key)) {
    return never("names need a = in front", `write "=${key}"`);
  }
  return never("it is no address", "correct the address");
}
