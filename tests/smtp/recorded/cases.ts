/**
 * The sessions that scripts/record.ts has with qmail-smtpd.
 *
 * @module
 */
import given from "../data/qmail-smtpd-dialogues.json" with { type: "json" };
import { addressCases } from "./address_cases.ts";
import type { Case } from "./case.ts";
import { usualControl } from "./case.ts";
import { commandCases } from "./command_cases.ts";
import { controlCases } from "./control_cases.ts";
import type { Draft } from "./draft.ts";
import { textCases } from "./text_cases.ts";
import { traceCases } from "./trace_cases.ts";

/** Those that were recorded before there was a script for it. */
const givenCases: readonly Draft[] = (given as unknown as Case[]).map((
  { name, control, env, input },
) => ({ name: `given: ${name}`, control, env, input }));

export const cases: readonly Case[] = [
  ...givenCases,
  ...commandCases,
  ...addressCases,
  ...controlCases,
  ...traceCases,
  ...textCases,
].map((each) => ({
  ...each,
  control: each.control ?? usualControl,
  env: each.env ?? {},
}));
