/**
 * The zones of DNS lists, as an option has them, in Postfix's manner
 * (postscreen_dnsbl_sites): which answers count, and for how much.
 *
 * @module
 */
import { shown, trimmed } from "../base/written.ts";

/** A zone, and what an answer in it is worth. */
export interface DnsblSite {
  readonly zone: string;
  /** What each octet of an answer may be; null: whatever it is. */
  readonly answers: readonly Octet[] | null;
  /** Below 0 for a list of clients that are welcome. */
  readonly weight: number;
}

/** Numbers from here to there. */
type Octet = readonly (readonly [from: number, to: number])[];

/** What the DNS can be asked for, in ASCII. */
const zoneForm = /^[\w-]{1,63}(?:\.[\w-]{1,63})*$/;
const mostWeight = 1000;

/**
 * Reads `ZONE,ZONE=127.0.0.2:3,ZONE=127.0.[0..9].[1;3]:-2`.
 *
 * @throws Error that says which of them is none
 */
export function dnsblZones(text: string): DnsblSite[] {
  return text.split(",").map((each, i) => {
    try {
      return siteIn(trimmed(each));
    } catch (error) {
      throw new Error(`item ${i + 1}: ${(error as Error).message}`);
    }
  });
}

function siteIn(text: string): DnsblSite {
  const [, name, answer, weight] = /^([^=:]*)(?:=([^:]*))?(?::(.*))?$/s.exec(
    text,
  ) ?? [, text];
  const zone = trimmed(name ?? "").replace(/\.$/, "");
  if (!zoneForm.test(zone)) {
    throw new Error(`${shown(zone)} is no DNS zone: ${whyNone(zone)}`);
  }
  return {
    zone,
    answers: answer === undefined ? null : answersIn(trimmed(answer)),
    weight: weight === undefined ? 1 : weightIn(trimmed(weight)),
  };
}

function whyNone(zone: string): string {
  if (/[\u0080-\uffff]/.test(zone)) return "write it as the DNS knows it, xn--";
  if (/\s/.test(zone)) return "a blank is in it";
  if (zone === "") return "nothing is between the commas";
  return "the DNS has no such name";
}

function weightIn(text: string): number {
  const weight = /^[+-]?\d{1,4}$/.test(text) ? Number(text) : NaN;
  if (weight !== 0 && Math.abs(weight) <= mostWeight) return weight;
  throw new Error(
    `${shown(text)} is no weight: a whole number, below 0 for a list of ` +
      "clients that are welcome",
  );
}

function answersIn(text: string): Octet[] {
  const octets = text.match(/\[[^[\]]*\]|[^.[\]]+/g) ?? [];
  const isWhole = octets.join(".") === text && octets.length === 4;
  const read = isWhole ? octets.map(octetIn) : [];
  if (!isWhole || read.some((octet) => octet === null)) {
    throw new Error(
      `${shown(text)} is no answer: write 127.0.0.2, or 127.0.0.[2;4..9]`,
    );
  }
  return read as Octet[];
}

function octetIn(text: string): Octet | null {
  const items = text.replace(/^\[(.*)\]$/, "$1").split(";").map((each) => {
    const [, from, to = from] = /^(\d{1,3})(?:\.\.(\d{1,3}))?$/.exec(each) ??
      [];
    return [Number(from ?? NaN), Number(to ?? NaN)] as const;
  });
  const isFit = ([from, to]: readonly [number, number]) =>
    from <= to && to <= 255;
  return items.every(isFit) ? items : null;
}

/** Whether an answer of a zone's is one that the site means. */
export function isMeant(address: string, { answers }: DnsblSite): boolean {
  if (answers === null) return true;
  const octets = address.split(".").map(Number);
  return answers.every((octet, i) =>
    octet.some(([from, to]) => from <= octets[i] && octets[i] <= to)
  );
}
