/** The words of the part that texts.js calls composer. */
export const composerTexts = {
};
