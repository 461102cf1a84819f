// Voting is server-rendered; the keys are all it needs.
import "./keys.js";
