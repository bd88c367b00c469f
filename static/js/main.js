/* Every behaviour of the reader's pages. Each module is one; without any of them all can be read. */
import "./menu.js";
import "./prefs.js";
import "./ticker.js";
import "./share.js";
import "./clock.js";
import "./mail.js";
import "./reads.js";
import "./viewer.js";
import "./steps.js";
import "./player.js";
import "./account.js";
