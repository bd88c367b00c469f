"""How long a story takes to read."""

from sections.html import plain_text

from .models import Article

# Words a minute that people read silently, on average: M. Brysbaert, "How many words do we read per minute?",
# Journal of Memory and Language 109 (2019), for English texts that are no fiction. Korean parts words by blanks too.
WORDS_A_MINUTE = 238
LONG = 1_000  # words
READ = (Article.Format.STORY, Article.Format.OPINION)


def words_of(story):
    """The number of words in a story's text."""
    return len(plain_text(story.body).split())


def minutes_to_read(story):
    """Whole minutes, at least one; 0 for what is looked at rather than read: galleries, films, cartoons.

    Of a story without its locked part (articles.opening) it is the time for all of it.
    """
    return max(1, round((words_of(story) + story.locked_words) / WORDS_A_MINUTE)) if story.format in READ else 0


def is_long(story):
    """Whether readers want to see how far they have come."""
    return story.format in READ and words_of(story) > LONG
