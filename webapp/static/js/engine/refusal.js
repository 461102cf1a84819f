// Why the engine cannot go on, by a word for which the page has a sentence.
export function refusal(why, cause) {
  const error = new Error(cause ? `${why}: ${cause}` : why);
  error.why = why;
  return error;
}
