/** The playback rates of the settings menu, which the keys `<` and `>` step through. */
export const PLAYBACK_RATES = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
