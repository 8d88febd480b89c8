-- A one-time event that is over, which a scheduler that is off has not dropped.
CREATE DATABASE c_past_event;
USE c_past_event;
SET timestamp = 1700000000;
CREATE EVENT once ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 DAY DO SET @x = 1;
CREATE EVENT ended ON SCHEDULE EVERY 1 DAY STARTS CURRENT_TIMESTAMP ENDS CURRENT_TIMESTAMP + INTERVAL 9 DAY DO SET @x = 1;
SET timestamp = DEFAULT;
