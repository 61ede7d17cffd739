/** Colours for as many inputs as people tell apart; further ones begin again, and their names stand beside them. */
const COLOURS = 5;

/** The style that gives everything of one input its colour. */
export const colourOf = (input: number): string => `--c: var(--in-${input % COLOURS})`;
