/** The words of the part that texts.js calls people. */
export const peopleTexts = {
};
