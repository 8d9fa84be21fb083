// SPDX-License-Identifier: Apache-2.0
// The present mood as a small drawn face and a word.
const MOODS = {
  neutral: { words: "Calm", mouth: "M8.7 15.6h6.6", brows: "" },
  happy: { words: "Happy", mouth: "M8 14.6q4 4 8 0", brows: "" },
  sad: { words: "Sad", mouth: "M8.6 16.6q3.4-2.6 6.8 0", brows: "M7.4 8.8l2.6-1.2M16.6 8.8l-2.6-1.2" },
  angry: { words: "Angry", mouth: "M8.8 16.4q3.2-1.6 6.4 0", brows: "M7.2 7.6l2.9 1.4M16.8 7.6l-2.9 1.4" },
  fear: { words: "Afraid", mouth: "M8.4 16q1.2-1.4 2.4 0t2.4 0 2.4 0", brows: "M7.3 8.4l2.6-1M16.7 8.4l-2.6-1" },
  disgust: { words: "Disgusted", mouth: "M8.6 15.4q2 1.8 3.6.4t3.4.6", brows: "M7.3 8l2.7.9M16.7 8.2l-2.6.3" },
  surprise: { words: "Surprised", mouth: "M12 14.3a1.5 1.9 0 1 0 .01 0", brows: "M7.5 7.9q1.4-1.2 2.8 0M13.7 7.9q1.4-1.2 2.8 0" },
};

/** Shows one of the seven emotions; an unknown one hides the indicator. */
export function showMood(emotion) {
  const mood = MOODS[emotion];
  document.getElementById("mood").hidden = !mood;
  if (!mood) return;
  document.getElementById("mood-words").textContent = mood.words;
  document.getElementById("mood-mouth").setAttribute("d", mood.mouth);
  document.getElementById("mood-brows").setAttribute("d", mood.brows);
}
